"""IAM: requests are authorized on the resources that AWS names, where ministack names others."""

"""CloudFormation resource types that ministack lacks, or makes only in part."""

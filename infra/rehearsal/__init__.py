"""What MWAA does with requirements and startup script, done here before it is asked to."""

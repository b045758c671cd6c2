"""The grants: one file each, an oauthlib grant class that validates first and then issues."""

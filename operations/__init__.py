"""Tools for who runs a deployment. They need boto3 alone, and the credentials and the region of the environment."""

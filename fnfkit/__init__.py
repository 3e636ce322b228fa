"""fnfkit: typed SDK, offline cloud and deploy toolkit for Alibaba Cloud Serverless Workflow.

Importing this package loads no SDK, no server and no YAML: public names are resolved on first use.
"""

__version__ = "0.1.0"

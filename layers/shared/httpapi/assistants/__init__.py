"""The knowledge base as a tool of assistants: the Model Context Protocol over HTTP, and the tools themselves."""

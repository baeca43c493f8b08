"""The parts of the client: a module for each kind of thing that the API has."""

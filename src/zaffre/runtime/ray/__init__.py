"""Programs that know Ray: the server's agent, what runs on a node, and nodes of this machine."""

"""The data plane: ends HTTP, checks keys, splits traffic, hands requests to scoring workers."""

"""What Zaffre costs and carries, each figure beside a reference from the same run."""

"""What readers are told, in their own language: sentences that are marked where they are written and translated where they are shown."""

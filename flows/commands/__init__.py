"""The commands, one module for each group; a command reads its flags, calls a room and shows the result."""

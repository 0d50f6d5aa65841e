"""The commands, a module a group; each only reads its flags, calls a room and shows what came back."""

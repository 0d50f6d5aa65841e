"""The ground floor: what every room shares and what the project knows.

Record schemas, atomic files, the store's layout, the start URLs. Imports nothing of the other rooms.
"""

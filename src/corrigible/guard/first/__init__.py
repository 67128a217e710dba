"""The first manifest and policy for a server, from what it says of its tools: a beginning, for people to go on.

What a server says of itself (its annotations) is a hint and is marked as one. So nothing that a server says
makes it do more than be read from: whatever it does not call reading must be approved, call by call.
"""

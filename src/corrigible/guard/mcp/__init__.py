"""The door for agents that speak the Model Context Protocol: a proxy in front of their servers.

Messages are pumped, not modelled: what need not be judged is passed on as the bytes that came in. So both
eras of the protocol (the handshake of 2025-11-25, the stateless requests of 2026-07-28) and whatever servers
add to them go through.
"""

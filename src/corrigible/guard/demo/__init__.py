"""A scripted agent that goes too far, on a real file server, behind the real guard.

``scenario`` tells the story, ``stage`` holds the scratch folder and the processes, ``client`` is the agent's
end of the connection, ``files_server`` the tools, and ``slow_line`` what lies between the guard and them, so
that there is time for a crash in the middle of a call.
"""

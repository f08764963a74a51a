"""Bases that machines read before they are whole: a process of its own serves each out of the chunk store while it arrives.

What belongs here is that process, what it is told and says, and how it is started. Who makes disks over bases asks
`server_process`, and nothing else of it.
"""

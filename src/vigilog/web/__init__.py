"""The dashboard: pages made on the server, for whoever would rather look than read. A process of its own, which reads the
store and asks the daemon for bans through its control socket.

What may enter: pages, and what keeps them safe. What happened is known to `glance`, and what a ban is to the daemon.
"""

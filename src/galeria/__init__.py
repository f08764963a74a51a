"""Galeria is a self-hosted lab service with a shared image gallery.

An administrator attaches a gallery to the lab account and imports images into it. An educator makes a lab from one, shapes
its template VM and exports it: the disk is sealed into an image version, of which only the change is read, stored and sent,
and replicated, verified, to the other regions of the geography. A colleague elsewhere makes the next lab from it.

`domain` says what is true, `ports` are the protocols that the core calls, `actions` do what one request asks for, `workflows`
do what takes long, `reconcilers` compare rows with reality. `adapters` implement the ports, `interfaces` talk to people and
programs, `bootstrap` connects them.
"""

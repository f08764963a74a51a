"""Galeria is a self-hosted lab service with a shared image gallery.

An administrator attaches a gallery to the lab account and imports images into it. An educator makes a lab from one, shapes
its template VM and exports it: the disk is sealed into an image version, of which only the change is read, stored and sent,
and replicated, verified, to the other regions of the geography. A colleague elsewhere makes the next lab from it.

`domain` holds types and rules, `ports` the interfaces to databases, stores and engines, `actions` what one request does,
`workflows` long-running operations, `reconcilers` periodic jobs. `adapters` implement the ports, `interfaces` offer the REST
API, the pages and the command line, and `bootstrap` connects them.
"""

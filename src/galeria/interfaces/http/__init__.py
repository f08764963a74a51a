"""What more than one HTTP interface needs: ids of requests, the case of paths, figures of progress.

It knows no interface.
"""

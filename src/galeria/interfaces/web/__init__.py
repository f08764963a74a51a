"""The portal: pages for people, in English and Brazilian Portuguese.

`kit` is shared by all pages; the other packages lie by area of the portal.
"""

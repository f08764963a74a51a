"""The portal: pages for people, in English and Brazilian Portuguese."""

"""The portal: pages in English and Brazilian Portuguese."""

"""What all pages share: requests, forms, templates, texts, permissions, numbers, dates, and addresses of pages.

Nothing in it depends on one page.
"""

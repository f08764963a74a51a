"""What all pages share: requests and forms, templates and texts, permissions shown, numbers and dates, addresses of pages.

It knows no page.
"""

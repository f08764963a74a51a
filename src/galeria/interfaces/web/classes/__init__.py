"""Pages about a lab's class besides the wall of its machines: the report of use, messages, raised hands the
results of actions, settings, and the week of classes.

What an educator finds on them belongs to one lab, and each is a tab of its page or leads back to one.
"""

"""The part of Microsoft Graph that Azure's clients use: to assign roles by name, and to show the names of principals."""

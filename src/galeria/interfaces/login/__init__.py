"""Sign-in with OAuth 2.0, in the form that `az`, msal and azure-identity expect of an ADFS server."""

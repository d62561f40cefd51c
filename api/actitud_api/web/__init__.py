"""What people and other sites see: portal, embeds, downloads, workbooks."""

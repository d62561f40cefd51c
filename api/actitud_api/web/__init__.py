"""The pages and files for people and other sites: portal, embeds, downloads, workbooks."""

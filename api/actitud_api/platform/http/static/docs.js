// Shows the OpenAPI document. Nothing is loaded from elsewhere; the page's policy would refuse it.
const place = document.getElementById("document");
SwaggerUIBundle({ domNode: place, url: place.dataset.url, deepLinking: true, validatorUrl: null });

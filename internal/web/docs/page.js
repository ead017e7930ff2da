"use strict";

// Nothing of the page's address is read (Swagger UI would take a description from
// anywhere with ?url=), nothing is sent to a validator, and no token is kept.
SwaggerUIBundle({
  url: "/openapi.yaml",
  dom_id: "#description",
  layout: "BaseLayout",
  presets: [SwaggerUIBundle.presets.apis],
  queryConfigEnabled: false,
  validatorUrl: null,
  persistAuthorization: false,
  deepLinking: true,
  defaultModelsExpandDepth: 0,
});

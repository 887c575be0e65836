/* Starts Swagger UI 5.35.0 (npm swagger-ui-dist, Apache-2.0) on our own description of the API. */
window.addEventListener("load", function startSwagger() {
  window.SwaggerUIBundle({ url: "/api/openapi.json", dom_id: "#swagger-ui", deepLinking: true });
});

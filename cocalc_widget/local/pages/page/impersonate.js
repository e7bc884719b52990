// Owns the step after sign-in by token on generation B: on to the app.
window.location.href = "/app";

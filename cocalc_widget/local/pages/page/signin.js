// Owns signing in by e-mail address and password, and the way back to where it was asked for.

const form = document.querySelector("form");
const wanted = new URL(window.location.href).searchParams.get("target") ?? "";
const target = /^\/(?![/\\])/.test(wanted) ? wanted : "/app";

form.onsubmit = async (event) => {
  event.preventDefault();
  const { email, password } = Object.fromEntries(new FormData(form));
  const problem = await signIn(email, password);
  form.querySelector("[role=alert]").textContent = problem;
  if (!problem) window.location.href = target;
};

/** The reason why not, or "". */
async function signIn(email, password) {
  try {
    const response = await fetch("/api/v2/auth/sign-in", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ email, password }),
    });
    const { error } = await response.json();
    return error ?? "";
  } catch {
    return "The site does not answer. Try again in a moment.";
  }
}

"use strict";
// The same withdrawal as the form's, sent as JSON; the page shows whatever comes back.
document.getElementById("api").addEventListener("submit", async (event) => {
  event.preventDefault();
  const shown = document.getElementById("api-answer");
  shown.textContent = "";
  const answer = await fetch("/api/withdraw", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(Object.fromEntries(new FormData(event.target))),
  });
  shown.textContent = answer.status + " " + (await answer.text());
});

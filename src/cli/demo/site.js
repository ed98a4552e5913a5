"use strict";
// The same withdrawal as the form's, sent as JSON; the page shows whatever comes back.
document.getElementById("api-withdraw").addEventListener("click", async () => {
  const form = new FormData(document.getElementById("withdraw"));
  const answer = await fetch("/api/withdraw", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ amount: form.get("amount"), destination: form.get("destination") }),
  });
  document.getElementById("api-answer").textContent = answer.status + " " + (await answer.text());
});

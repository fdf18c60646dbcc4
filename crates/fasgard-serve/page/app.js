"use strict";

const state = document.getElementById("state");
const answer = document.getElementById("answer");

async function ask() {
  const response = await fetch("/v1/info");
  const body = await response.json();
  if (response.ok) {
    state.textContent = [body.model.name, ...body.notes].join("; ");
  } else {
    state.textContent = `${body.title}: ${body.detail}`;
    if (response.status === 503) {
      setTimeout(ask, 500);
    }
  }
}

document.getElementById("file").addEventListener("change", async (event) => {
  const [file] = event.target.files;
  if (file) {
    const response = await fetch("/v1/predict", { method: "POST", body: file });
    answer.textContent = JSON.stringify(await response.json(), null, 1);
  }
});

ask();

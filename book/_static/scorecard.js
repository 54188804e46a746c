// The scorecard's filter: show the claims of one verdict, and the questions that have such claims.
for (const bar of document.querySelectorAll(".scorecard-filter")) {
  const buttons = [...bar.querySelectorAll("button")];
  const questions = [...document.querySelectorAll("details.question")];

  function choose(chosen) {
    const all = chosen === buttons[0];
    for (const button of buttons) button.setAttribute("aria-pressed", button === chosen);
    for (const question of questions) {
      let left = 0;
      for (const claim of question.querySelectorAll(".claim")) {
        claim.hidden = !claim.matches(chosen.dataset.shows);
        left += !claim.hidden;
      }
      question.hidden = left === 0;
      question.open = !all && left > 0;
    }
  }

  for (const button of buttons) button.addEventListener("click", () => choose(button));
}

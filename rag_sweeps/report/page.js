"use strict";
// All text from the sweep and the golden set reaches the page through textContent, never as markup.
(() => {
  const root = document.documentElement;
  window.addEventListener("error", (event) => { root.dataset.error = event.message || "error"; });
  window.addEventListener("unhandledrejection", (event) => { root.dataset.error = String(event.reason); });

  const byId = (id) => document.getElementById(id);
  const payload = JSON.parse(byId("payload").textContent);

  function element(tag, properties = {}, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(properties)) {
      if (name === "class") made.className = value;
      else if (name === "text") made.textContent = value;
      else made.setAttribute(name, value);
    }
    made.append(...children);
    return made;
  }

  const number = (value, digits = 3) => (value === null || value === undefined ? "–" : value.toFixed(digits));

  // ---- Copy ----

  byId("copy").addEventListener("click", async () => {
    const code = byId("yaml");
    try {
      await navigator.clipboard.writeText(code.textContent);
      byId("copy").textContent = "Copied";
    } catch {
      // A page opened from disk may not reach the clipboard: the text is selected instead.
      getSelection().selectAllChildren(code);
      byId("copy").textContent = "Selected: press Ctrl+C";
    }
  });

  // ---- Leaderboard ----

  const board = byId("board");
  const lines = () => [...board.tBodies[0].querySelectorAll("tr.line")];

  function sortBy(header) {
    const column = header.cellIndex;
    const up = header.getAttribute("aria-sort") !== "ascending";
    for (const other of board.tHead.querySelectorAll("th")) other.removeAttribute("aria-sort");
    header.setAttribute("aria-sort", up ? "ascending" : "descending");
    const keyed = lines().map((line) => ({ line, key: line.cells[column].dataset.sort }));
    const filled = keyed.filter((each) => each.key !== "");
    const numeric = filled.every((each) => Number.isFinite(Number(each.key)));
    const compare = numeric ? (a, b) => Number(a) - Number(b) : (a, b) => a.localeCompare(b);
    keyed.sort((a, b) => {
      // Set apart and empty stay last in both directions.
      const last = (each) => (each.line.hasAttribute("data-apart") ? 2 : 0) + (each.key === "" ? 1 : 0);
      return last(a) - last(b) || (up ? 1 : -1) * compare(a.key, b.key);
    });
    for (const { line } of keyed) {
      const detail = line.nextElementSibling?.classList.contains("detail") ? line.nextElementSibling : null;
      board.tBodies[0].append(line, ...(detail ? [detail] : []));
    }
  }

  function smallTable(title, rows) {
    const body = element("tbody");
    for (const [name, value, idle] of rows) {
      const row = element("tr", idle ? { class: "idle" } : {}, element("th", { scope: "row", text: name }));
      row.append(element("td", { text: value }));
      body.append(row);
    }
    const box = element("div", { class: "box", tabindex: "0", role: "region", "aria-label": title });
    box.append(element("table", {}, body));
    return element("div", {}, element("h4", { text: title }), box);
  }

  function detailOf(line) {
    const found = payload.configurations[line.dataset.number];
    const inner = element("div", { class: "detail-inner" });
    inner.append(
      smallTable("Metrics", found.metrics.map(([name, mean, low, high, n]) =>
        [name, `${number(mean)} [${number(low)}, ${number(high)}], n ${n}`])),
      smallTable("Parameters", found.params.map(([name, value, matters]) =>
        [name, matters ? value : `${value} (no effect)`, !matters])),
      smallTable("Costs and counts", found.scalars.map(([name, value]) =>
        [name, value === null ? "–" : value.toLocaleString("en", { maximumSignificantDigits: 5 })])),
      element("p", { class: "trial quiet", text: `trial ${found.trial_id}` }),
    );
    const cell = element("td", { colspan: String(line.cells.length) }, inner);
    return element("tr", { class: "detail" }, cell);
  }

  function toggle(line) {
    const open = line.classList.toggle("opened");
    line.querySelector(".open").setAttribute("aria-expanded", String(open));
    if (open) line.after(detailOf(line));
    else line.nextElementSibling.remove();
  }

  board.tHead.addEventListener("click", (event) => {
    const header = event.target.closest("button")?.closest("th");
    if (header) sortBy(header);
  });
  board.tBodies[0].addEventListener("click", (event) => {
    const line = event.target.closest("tr.line");
    if (line && !getSelection().toString()) toggle(line);
  });

  // ---- Plots ----

  const dark = matchMedia("(prefers-color-scheme: dark)");
  const drawn = new Set();

  function template() {
    const style = getComputedStyle(root);
    const [page, ink, quiet, line, wash] = ["--page", "--ink", "--quiet", "--line", "--wash"].map(
      (name) => style.getPropertyValue(name));
    const axis = { gridcolor: line, linecolor: quiet, tickcolor: quiet, zerolinecolor: line };
    return {
      layout: {
        paper_bgcolor: "rgba(0,0,0,0)",
        plot_bgcolor: "rgba(0,0,0,0)",
        font: { family: getComputedStyle(document.body).fontFamily, size: 12.5, color: ink },
        xaxis: axis,
        yaxis: axis,
        annotationdefaults: { bgcolor: page, borderpad: 1 },
        hoverlabel: { bgcolor: wash, bordercolor: quiet, font: { color: ink }, align: "left" },
        modebar: { bgcolor: "rgba(0,0,0,0)", color: quiet, activecolor: ink },
      },
    };
  }

  function draw(box) {
    if (drawn.has(box)) return;
    drawn.add(box);
    const { data, layout } = payload.figures[box.dataset.figure];
    // Buttons are listed, since plotly's own set has one that uploads the chart.
    Plotly.newPlot(box, data, { ...layout, template: template() }, {
      responsive: true,
      displaylogo: false,
      displayModeBar: matchMedia("(hover: hover)").matches ? "hover" : false,
      modeBarButtons: [["zoomIn2d", "zoomOut2d", "resetScale2d", "toImage"]],
      plotlyServerURL: "",
    });
  }

  function startPlots() {
    const boxes = [...document.querySelectorAll(".plot")];
    const watch = new IntersectionObserver((entries) => {
      for (const entry of entries.filter((each) => each.isIntersecting)) {
        watch.unobserve(entry.target);
        draw(entry.target);
      }
    }, { rootMargin: "400px" });
    boxes.forEach((box) => watch.observe(box));
    dark.addEventListener("change", () => drawn.forEach((box) => Plotly.relayout(box, { template: template() })));
    addEventListener("beforeprint", () => boxes.forEach(draw));
  }

  // ---- Questions ----

  const { documents, questions, configurations } = payload.browser;
  const PAGE = 50;
  const SHOWN_PASSAGES = 5;
  const points = new Map();

  // Offsets are code points and JavaScript counts UTF-16 units; they differ only in texts with astral characters.
  function slice(doc, start, end) {
    const text = documents[doc][1];
    if (!points.has(doc)) points.set(doc, /[\ud800-\udfff]/.test(text) ? Array.from(text) : null);
    const split = points.get(doc);
    return split ? split.slice(start, end).join("") : text.slice(start, end);
  }

  function firstHit(record) {
    return record ? record.passages.findIndex((passage) => passage[4]) + 1 : 0;
  }

  const states = {
    all: ["all", () => true],
    missed: ["no hit in the first 5", (q, r) => q.evidence.length && (!firstHit(r) || firstHit(r) > 5)],
    found: ["hit in the first 5", (q, r) => q.evidence.length && firstHit(r) && firstHit(r) <= 5],
    low: ["answer scored below 0.5", (q, r) => r?.verdict && r.verdict[0] !== null && r.verdict[0] < 0.5],
    unscored: ["answer not scored", (q, r) => r?.verdict && r.verdict[0] === null],
    unanswerable: ["unanswerable", (q) => !q.evidence.length],
    failure: ["failed", (q, r) => !r || r.failure || r.problem],
  };

  function status(question, record) {
    if (!record || record.failure) return ["failed", "bad"];
    if (!question.evidence.length) return ["unanswerable", ""];
    const rank = firstHit(record);
    if (!rank) return ["not found", "bad"];
    return [`found at ${rank}`, rank <= 5 ? "good" : ""];
  }

  // Text of [start, end) with the parts that evidence covers in <mark>.
  function marked(doc, start, end, spans) {
    const parts = [];
    let at = start;
    const inside = spans
      .filter((span) => span[0] === doc && span[1] < end && span[2] > start)
      .map((span) => [Math.max(span[1], start), Math.min(span[2], end)])
      .sort((a, b) => a[0] - b[0]);
    for (const [from, to] of inside) {
      if (to <= at) continue;
      const begin = Math.max(from, at);
      if (begin > at) parts.push(slice(doc, at, begin));
      parts.push(element("mark", { text: slice(doc, begin, to) }));
      at = to;
    }
    if (at < end) parts.push(slice(doc, at, end).trimEnd());
    return parts;
  }

  function passageItem(passage, rank, spans) {
    const [doc, start, end, score, relevant] = passage;
    const head = element("div", { class: "head" });
    head.append(`${rank}. ${documents[doc][0]}, characters ${start}–${end}, score ${score === null ? "–" : score} `);
    if (relevant) head.append(element("span", { class: "mark good", text: "relevant" }));
    const text = element("div", { class: "text", dir: "auto" }, ...marked(doc, start, end, spans));
    return element("li", { class: relevant ? "passage relevant" : "passage" }, head, text);
  }

  function paragraph(text, kind = "text") {
    return element("p", { class: kind, dir: "auto", text });
  }

  function answerPart(body, question, record) {
    body.append(element("h4", { text: "Reference answer" }));
    body.append(question.answer === null ? paragraph("none", "quiet") : paragraph(question.answer));
    if (!record || record.answer === undefined) return;
    body.append(element("h4", { text: "Answer given" }));
    if (record.problem) body.append(paragraph(`problem: ${record.problem}`, "text bad"));
    else if (record.abstained) body.append(paragraph("abstained: found no answer in the passages", "quiet"));
    if (record.answer) body.append(paragraph(record.answer));
    if (record.verdict) {
      const [score, reason, version] = record.verdict;
      const said = score === null ? "not scored" : `score ${number(score)}`;
      body.append(element("h4", { text: "Verdict" }), paragraph(`${said}: ${reason}`), paragraph(version, "quiet"));
    }
  }

  function fill(body, question, record) {
    const tags = question.tags.length ? `, tags: ${question.tags.join(", ")}` : "";
    body.append(paragraph(question.id + tags, "quiet"));
    if (!record) body.append(paragraph("This configuration has no record of the question."));
    if (record?.failure) body.append(paragraph(`failed: ${record.failure}`));
    answerPart(body, question, record);
    body.append(element("h4", { text: "Evidence" }));
    if (!question.evidence.length) body.append(paragraph("none: the documents do not answer this question", "quiet"));
    for (const [first, ...others] of question.evidence) {
      const [doc, start, end] = first;
      const also = others.length ? `, and the same text in ${others.length} other place${others.length > 1 ? "s" : ""}` : "";
      const cite = element("cite", { text: `${documents[doc][0]}, characters ${start}–${end}${also}` });
      body.append(element("blockquote", { dir: "auto" }, slice(doc, start, end), cite));
    }
    if (!record) return;
    body.append(element("h4", { text: `Retrieved passages (${record.passages.length})` }));
    const spans = question.evidence.flat();
    const items = record.passages.map((passage, at) => passageItem(passage, at + 1, spans));
    const list = element("ol", { class: "passages" }, ...items.slice(0, SHOWN_PASSAGES));
    body.append(list);
    if (items.length > SHOWN_PASSAGES) {
      const more = element("button", { type: "button", text: `Show ranks ${SHOWN_PASSAGES + 1} to ${items.length}` });
      more.addEventListener("click", () => {
        list.append(...items.slice(SHOWN_PASSAGES));
        more.remove();
      });
      body.append(more);
    }
  }

  function questionItem(at) {
    const question = questions[at];
    const record = configurations[byId("filter-configuration").value].records[at];
    const [word, tone] = status(question, record);
    const score = record?.verdict && record.verdict[0] !== null ? `answer ${number(record.verdict[0], 2)}` : "";
    const body = element("div", { class: "body" });
    const item = element("details", { class: "question" },
      element("summary", {},
        element("span", {}, element("span", { class: `mark ${tone}`, text: word })),
        element("span", { class: "title", dir: "auto", text: question.text }),
        element("span", { class: "score", text: score })),
      body);
    item.addEventListener("toggle", () => { if (!body.hasChildNodes()) fill(body, question, record); });
    return item;
  }

  let matching = [];
  let shown = 0;

  function showMore() {
    byId("list").append(...matching.slice(shown, shown + PAGE).map(questionItem));
    shown = Math.min(shown + PAGE, matching.length);
    byId("more").hidden = shown >= matching.length;
    byId("shown").textContent = `${matching.length} of ${questions.length} questions`;
  }

  function refresh() {
    const records = configurations[byId("filter-configuration").value].records;
    const [, keep] = states[byId("filter-state").value];
    const tag = byId("filter-tag").value;
    const wanted = byId("filter-text").value.trim().toLowerCase();
    matching = questions.map((question, at) => at).filter((at) => {
      const question = questions[at];
      if (!keep(question, records[at])) return false;
      if (tag !== "" && !question.tags.includes(JSON.parse(tag))) return false;
      return !wanted || [question.id, question.text, question.answer, records[at]?.answer].some(
        (text) => text && text.toLowerCase().includes(wanted));
    });
    shown = 0;
    byId("list").replaceChildren();
    showMore();
  }

  function startQuestions() {
    const option = (value, text) => element("option", { value, text });
    const roles = { recommended: " (recommended)", best: " (best)" };
    byId("filter-configuration").append(
      ...configurations.map((each, at) => option(String(at), each.label + (roles[each.kind] || ""))));
    const used = Object.entries(states).filter(([name, [, keep]]) => name === "all" || configurations.some(
      ({ records }) => questions.some((question, at) => keep(question, records[at]))));
    byId("filter-state").append(...used.map(([name, [text]]) => option(name, text)));
    const tags = [...new Set(questions.flatMap((question) => question.tags))].sort();
    byId("filter-tag").append(option("", "all"), ...tags.map((tag) => option(JSON.stringify(tag), tag)));
    byId("filters").addEventListener("input", refresh);
    byId("filters").addEventListener("submit", (event) => event.preventDefault());
    byId("more").addEventListener("click", showMore);
    refresh();
  }

  startQuestions();
  addEventListener("DOMContentLoaded", () => {
    startPlots();
    root.dataset.ready = "1";
  });
})();

// The page's side of camera.py: shows a camera, hands one frame at a time to Python, and shows what is said of it.

const SIDE = 256 // pixels of a frame's side
const EVERY = 50 // milliseconds from one frame to the next, at the least
const COLLECT = 200 // from one collected frame to the next
const PATIENCE = 3000 // until the page says that no answer comes
const STEADY = 1000 // for which an answer holds before a screen reader tells it
const RECORDING = "recording:"
const OFF = "The camera is off."
const NOTHING = "nothing"
const BLANK = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"

const SLOW = "No answer for 3 seconds. Is a cell running? The camera goes on when it is done. If Python was stopped or started anew, run this cell, or the command, again."

const REFUSED = {
  NotFoundError: "No camera was found. Plug one in and press Start again",
  OverconstrainedError: "That camera is gone. Choose another one and press Start again",
  NotAllowedError: "The browser was not allowed to use the camera. Press the sign beside the page's address, allow the camera, and press Start again",
  NotReadableError: "The camera is busy: another program or tab is using it. Close that (a video call?) and press Start again",
}
REFUSED.SecurityError = REFUSED.NotAllowedError
REFUSED.AbortError = REFUSED.NotReadableError

const IN_VS_CODE = "VS Code lets no notebook use the camera. Open this notebook in JupyterLab, in a browser"

function insecure() {
  const port = location.port || "8888"
  return `The browser shows its camera to no page like ${location.protocol}//${location.host}: the address has to begin with https or be localhost. ` +
    `If the notebook runs on this computer, open http://localhost:${port}. If it runs on another one, type here: ` +
    `ssh -N -L ${port}:localhost:${port} YOU@${location.hostname}, and open http://localhost:${port}`
}

function why(error) {
  if (error.name === "NotAllowedError" && document.body.matches("[data-vscode-theme-kind]")) return IN_VS_CODE
  return REFUSED[error.name] ?? `The camera could not be opened (${error.name}: ${error.message}). Press Start again`
}

function make(tag, given = {}, ...children) {
  const { data, ...plain } = given
  const element = Object.assign(document.createElement(tag), plain)
  for (const [name, value] of Object.entries(data ?? {})) element.setAttribute(name, value)
  element.append(...children)
  return element
}

const button = (textContent, onclick, given = {}) => make("button", { type: "button", textContent, onclick, ...given })

// ------------------------------------------------------------------------------------------------- where frames come from

/** A camera: `frame` gives what is to be sent, or null while there is none. */
async function openCamera(video, id, gone) {
  if (!navigator.mediaDevices?.getUserMedia) throw Object.assign(new Error(insecure()), { sentence: true })
  const which = id ? { deviceId: { exact: id } } : { facingMode: "user" }
  const stream = await navigator.mediaDevices.getUserMedia({ video: { width: { ideal: 640 }, height: { ideal: 480 }, ...which }, audio: false })
  const [track] = stream.getVideoTracks()
  track.onended = gone
  video.srcObject = stream
  const canvas = make("canvas", { width: SIDE, height: SIDE })
  return {
    id: track.getSettings().deviceId ?? "",
    async frame() {
      if (video.readyState < 2) return null
      const side = Math.min(video.videoWidth, video.videoHeight)
      const corner = [(video.videoWidth - side) / 2, (video.videoHeight - side) / 2]
      canvas.getContext("2d").drawImage(video, ...corner, side, side, 0, 0, SIDE, SIDE)
      const file = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.9))
      return file && { buffers: [new DataView(await file.arrayBuffer())] }
    },
    close() {
      track.onended = null
      stream.getTracks().forEach((one) => one.stop())
      video.srcObject = null
    },
  }
}

/** Recorded frames, five a second and round and round: Python has them, and sends each back to be shown. */
function openRecording({ name, frames }) {
  const began = performance.now()
  return {
    frame: async () => ({ recording: name, at: Math.floor((performance.now() - began) / COLLECT) % frames }),
    close() {},
  }
}

// -------------------------------------------------------------------------------------------------------- pictures by number

/** The pictures of examples: each is asked for once, and drawn when it has come. */
function album(send) {
  const urls = new Map()
  const wanted = []
  return {
    url(number) {
      if (!urls.has(number)) {
        urls.set(number, BLANK)
        if (wanted.push(number) === 1) queueMicrotask(() => send({ do: "pictures", numbers: wanted.splice(0) }))
      }
      return urls.get(number)
    },
    take: (numbers, buffers) => numbers.forEach((number, i) => urls.set(number, URL.createObjectURL(new Blob([buffers[i]])))),
    close: () => urls.forEach((url) => URL.revokeObjectURL(url)),
  }
}

/** Pictures in a row, changed in place: one that is drawn anew flickers. */
function strip(pictures, className, caption = null) {
  const root = make("span", { className })
  return {
    root,
    show(shown) {
      while (root.children.length < shown.length) root.append(make("figure", {}, make("img"), ...(caption ? [make("figcaption")] : [])))
      ;[...root.children].forEach((figure, i) => {
        figure.hidden = i >= shown.length
        if (figure.hidden) return
        const image = figure.firstChild
        const url = pictures.url(shown[i].number)
        if (image.getAttribute("src") !== url) image.src = url
        image.alt = `a picture of ${shown[i].label}`
        if (caption) caption(figure, shown[i])
      })
    },
  }
}

// ------------------------------------------------------------------------------------------------------------------ a class

/** One class: its name, the button to hold, its count, its latest pictures, and the button that removes it. */
function classRow(place, { send, pictures, hold, release }) {
  let name = ""
  let count = 0
  let typing = false
  const title = make("input", { type: "text", className: "name", maxLength: 60, oninput: () => (typing = true) })
  title.onchange = () => {
    typing = false
    send({ do: "rename", name, new: title.value })
  }
  const press = make("button", { type: "button", className: "hold" })
  press.onpointerdown = (event) => {
    if (event.button) return
    press.setPointerCapture(event.pointerId)
    hold(name)
  }
  press.onpointerup = press.onpointercancel = press.onlostpointercapture = release
  press.oncontextmenu = (event) => event.preventDefault() // a finger that stays down
  press.onkeydown = (event) => {
    if (event.key !== " " && event.key !== "Enter") return
    event.preventDefault()
    if (!event.repeat) hold(name, true)
  }
  const number = make("span", { className: "count" })
  const latest = strip(pictures, "latest")
  const away = button("Remove", () => {
    if (count && !away.classList.contains("sure")) {
      away.classList.add("sure")
      away.textContent = `Remove ${count === 1 ? "1 picture" : `${count} pictures`}?`
    } else send({ do: "remove", name })
  })
  const calm = () => {
    away.classList.remove("sure")
    away.textContent = "Remove"
  }
  away.onblur = calm
  return {
    root: make("li", {}, title, press, number, latest.root, away),
    name: () => name,
    held: (is) => press.classList.toggle("held", is),
    show(one) {
      if (one.name !== name || one.count !== count) calm()
      ;({ name, count } = one)
      if (!typing) title.value = name
      title.ariaLabel = `Name of class ${place + 1}`
      press.textContent = place < 9 ? `Hold to collect (${place + 1})` : "Hold to collect"
      press.ariaLabel = `Hold to collect ${name}` + (place < 9 ? `, or hold the key ${place + 1}` : "")
      number.textContent = count
      number.title = `${count} collected`
      away.ariaLabel = `Remove ${name}`
      latest.show([...one.latest].reverse().map((id) => ({ number: id, label: name })))
    },
  }
}

// --------------------------------------------------------------------------------------------------------------- the answer

/** What the neighbours say, with their pictures. */
function answerBox(pictures, threshold) {
  const label = make("p", { className: "label" })
  const votes = make("p", { className: "votes" })
  const reader = make("p", { className: "unseen", data: { "aria-live": "polite" } })
  let last = { label: null, share: 0, voters: [] }
  let steady = {}
  const voters = strip(pictures, "voters", (figure, one) => {
    figure.classList.toggle("other", one.label !== last.label)
    figure.lastChild.textContent = `${one.label} ${one.similarity.toFixed(2)}`
  })
  return {
    root: make("div", { className: "answer" }, label, votes, voters.root, threshold, reader),
    show(answer = last) {
      last = answer
      const k = answer.voters.length
      const words = answer.label ?? (k ? "none of these" : "teach me")
      label.textContent = words
      label.classList.toggle("none", answer.label === null)
      if (!k) votes.textContent = "Hold a class's button, and show it to the camera."
      else if (answer.label === null) votes.textContent = `Even the nearest is only ${answer.similarity.toFixed(2)} alike.`
      else votes.textContent = k === 1 ? "The nearest picture says so." : `${Math.round(answer.share * k)} of the ${k} nearest pictures say so.`
      voters.show(answer.voters)
      announce(words)
    },
  }

  function announce(words) {
    const now = performance.now()
    if (steady.words !== words) steady = { words, since: now }
    else if (now - steady.since > STEADY && reader.textContent !== words) reader.textContent = words
  }
}

// ---------------------------------------------------------------------------------------------------------------- the whole

function render({ model, el }) {
  const view = String(Math.random())
  const send = (content, buffers = []) => model.send({ ...content, view }, undefined, buffers)
  const act = (content) => {
    complain("")
    send(content)
  }
  const pictures = album(send)
  const rows = []
  let state = { classes: [], recordings: [] }
  let source = null
  let opening = 0 // raised by whatever makes a camera that is just being opened unwanted
  let waiting = null // the one frame under way
  let began = 0
  let frames = 0
  let held = null
  let presses = 0
  let onScreen = true
  let greeted = false

  const video = make("video", { autoplay: true, muted: true, playsInline: true, data: { "aria-label": "What the camera sees, mirrored" } })
  const recorded = make("img", { alt: "A recorded frame", hidden: true })
  const cover = make("span", { className: "cover", textContent: OFF })
  const note = make("p", { className: "small" })
  const which = make("select", { ariaLabel: "Camera or recorded frames", onchange: () => (source ? start() : mirrors()) })
  const power = button("Start", () => (power.textContent === "Stop" ? stop() : start()), { className: "power" })
  const slider = make("input", { type: "range", min: 0, max: 1, step: 0.01, value: 0 })
  const far = make("output", { textContent: "0.00" })
  slider.oninput = () => {
    far.textContent = Number(slider.value).toFixed(2)
    act({ do: "threshold", value: Number(slider.value) })
  }
  const answer = answerBox(pictures, make("label", { className: "threshold" }, "“None of these” where even the nearest is less alike than ", far, slider))
  const classes = make("ul", { className: "classes", ariaLabel: "Classes" })
  const fresh = make("input", { type: "text", placeholder: "a new class", ariaLabel: "Name of a new class", maxLength: 60 })
  const addNew = () => {
    if (fresh.value.trim()) act({ do: "add", name: fresh.value })
  }
  fresh.onkeydown = (event) => {
    if (event.key === "Enter") addNew() // what a handler gives back may undo the key: nothing here
  }
  const nothing = button("Add “nothing”", () => act({ do: "add", name: NOTHING }), { title: "A class for what is none of the others: the room without your hand" })
  const folder = make("input", { type: "text", ariaLabel: "Folder to save in" })
  const trouble = make("p", { className: "trouble", hidden: true, data: { role: "alert" } })
  const said = make("p", { className: "said small", data: { role: "status" } })
  const root = make(
    "div",
    // without the last of these, JupyterLab takes a digit for a heading
    { className: "shoulders-camera", tabIndex: -1, data: { role: "group", "aria-label": "Teach with the camera", "data-lm-suppress-shortcuts": "" } },
    trouble,
    make("div", { className: "upper" }, make("div", { className: "scene" }, make("div", { className: "picture" }, video, recorded, cover), make("div", { className: "line" }, which, power), note), answer.root),
    classes,
    make("div", { className: "line" }, fresh, button("Add a class", addNew), nothing, button("Undo the last press", () => act({ do: "undo" }))),
    make("div", { className: "line" }, folder, button("Save as folders", () => folder.value.trim() && act({ do: "save", folder: folder.value }))),
    said,
    make("p", { className: "small", textContent: "Frames go to Python, one at a time, and stay in its memory. Nothing is written before you save." }),
  )
  el.append(root)

  // -- what is wrong

  function complain(words, passing = false) {
    trouble.textContent = words
    trouble.hidden = !words
    trouble.passing = passing // goes with the next answer
  }

  function refused(error) {
    const words = error.sentence ? error.message : why(error)
    complain(words + (state.recordings.length ? ", or choose recorded frames in the list." : "."))
  }

  // -- where frames come from

  const recording = () => which.value.startsWith(RECORDING) && state.recordings.find(({ name }) => RECORDING + name === which.value)

  function mirrors() {
    note.textContent = recording() ? "Recorded frames, as they were taken: no mirror." : "Mirrored on your screen only: the network sees the picture as others see you."
  }

  async function start() {
    stop()
    complain("")
    const mine = opening
    power.textContent = "Stop"
    cover.textContent = "Waiting for the camera: does the browser ask you?"
    try {
      const opened = recording() ? openRecording(recording()) : await openCamera(video, which.value, () => (stop(), complain("The camera is gone: plug it in and press Start again.")))
      if (mine !== opening) return opened.close()
      source = opened
      recorded.hidden = !recording()
      recorded.removeAttribute("src")
      cover.hidden = true
      mirrors()
      if (!recording()) await listCameras(source.id)
    } catch (error) {
      if (mine !== opening) return
      stop()
      refused(error)
    }
  }

  function stop() {
    opening += 1
    source?.close()
    source = waiting = held = null
    rows.forEach((row) => row.held(false))
    recorded.hidden = true
    cover.hidden = false
    cover.textContent = OFF
    power.textContent = "Start"
  }

  async function listCameras(chosen) {
    const devices = (await navigator.mediaDevices?.enumerateDevices?.().catch(() => [])) ?? []
    const named = devices.filter(({ kind, deviceId }) => kind === "videoinput" && deviceId)
    const cameras = named.map(({ deviceId, label }, i) => make("option", { value: deviceId, textContent: label || `Camera ${i + 1}` }))
    const tapes = state.recordings.map(({ name }) => make("option", { value: RECORDING + name, textContent: name }))
    const value = chosen ?? which.value // what was chosen while the browser looked stays
    which.replaceChildren(...(cameras.length ? cameras : [make("option", { value: "", textContent: "The camera" })]))
    if (tapes.length) which.append(make("optgroup", { label: "Recorded frames" }, ...tapes))
    which.value = value
    if (which.selectedIndex < 0) which.selectedIndex = 0
    mirrors()
  }

  // -- one frame under way at a time

  async function tick() {
    const now = performance.now()
    if (waiting) {
      if (now - waiting.since > PATIENCE && trouble.hidden) complain(SLOW, true)
      return
    }
    if (!source || document.hidden || !onScreen || now - began < EVERY) return
    began = now
    const mine = (waiting = { frame: ++frames, since: now })
    const found = await source.frame()
    if (waiting !== mine) return
    if (!found) return (waiting = null)
    const { buffers = [], ...where } = found
    send({ do: "look", frame: mine.frame, ...where, ...due(now) }, buffers)
  }

  // -- collecting

  function hold(name, byKey = false) {
    if (!source) return complain("Press Start first: there is no picture to collect.")
    held = { name, press: `${view} ${++presses}`, byKey, last: -Infinity, over: false }
    rows.forEach((row) => row.held(row.name() === name))
  }

  function release() {
    rows.forEach((row) => row.held(false))
    if (held?.last === -Infinity) held.over = true // a short press collects one
    else held = null
  }

  function due(now) {
    if (!held || now - held.last < COLLECT) return {}
    const { name, press, over } = held
    held = over ? null : { ...held, last: now }
    return { label: name, press }
  }

  function keyDown(event) {
    if (event.target.type === "text" || event.repeat || event.ctrlKey || event.metaKey || event.altKey) return
    const row = rows[/^(?:Digit|Numpad)([1-9])$/.exec(event.code)?.[1] - 1] // the key itself: with some layouts a digit needs Shift
    if (row && !row.root.hidden) hold(row.name(), true)
  }

  // -- what Python tells

  const tells = {
    state(told) {
      state = told
      while (rows.length < told.classes.length) {
        rows.push(classRow(rows.length, { send: act, pictures, hold, release }))
        classes.append(rows.at(-1).root)
      }
      if (told.classes.some(({ name }) => name === fresh.value.trim())) fresh.value = ""
      nothing.hidden = told.classes.some(({ name }) => name === NOTHING)
      said.textContent = told.said
      if (!slider.matches(":active")) slider.value = told.threshold
      far.textContent = Number(slider.value).toFixed(2)
      if (!greeted) folder.value = told.folder
      greeted = true
      if (told.view) listCameras()
      draw()
    },
    answer(told, buffers) {
      if (told.frame !== waiting?.frame) return
      waiting = null
      if (trouble.passing) complain("")
      answer.show(told.answer)
      if (buffers.length) showRecorded(buffers[0])
    },
    pictures(told, buffers) {
      pictures.take(told.numbers, buffers)
      draw()
    },
    trouble(told) {
      const frame = told.frame !== null && told.frame === waiting?.frame
      if (frame) waiting = null
      complain(told.said, frame)
    },
  }

  function draw() {
    rows.forEach((row, i) => {
      row.root.hidden = i >= state.classes.length
      if (!row.root.hidden) row.show(state.classes[i])
    })
    answer.show()
  }

  function showRecorded(bytes) {
    URL.revokeObjectURL(recorded.src)
    recorded.src = URL.createObjectURL(new Blob([bytes]))
  }

  const hear = (told, buffers = []) => (told.view === null || told.view === view) && tells[told.tell](told, buffers)
  const relist = () => listCameras()
  const watch = new IntersectionObserver((seen) => (onScreen = seen.at(-1).isIntersecting))
  const clock = setInterval(tick, 10)
  root.onkeydown = keyDown
  root.onkeyup = root.onfocusout = () => {
    if (held?.byKey) release() // a pointer that presses a button moves the focus, too
  }
  model.on("msg:custom", hear)
  window.addEventListener("blur", release)
  navigator.mediaDevices?.addEventListener?.("devicechange", relist)
  watch.observe(root)
  listCameras()
  answer.show()
  send({ do: "hello" })

  return () => {
    stop()
    clearInterval(clock)
    watch.disconnect()
    pictures.close()
    model.off("msg:custom", hear)
    window.removeEventListener("blur", release)
    navigator.mediaDevices?.removeEventListener?.("devicechange", relist)
  }
}

export default { render }

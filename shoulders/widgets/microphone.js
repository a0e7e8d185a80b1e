// The page's side of microphone.py: records a clip, hands it to Python as a WAV file, and shows what is said of it.

const PATIENCE = 10_000 // milliseconds until the page says that no answer comes
const OPENING = 1 // seconds of zeros that a microphone may give before its first sound
const LARGEST = 7_000_000 // bytes of a file: a Jupyter server closes the line on a message of more than ten million
const FLOOR = -60 // dB at the left end of the level's bar
const LOUD = -1 // dB, from which the bar says so
const CLIP = "clip:"

const SLOW = "No answer for 10 seconds. Is a cell running? The answer comes when it is done. If Python was stopped or started anew, run this cell again."

const REFUSED = {
  NotFoundError: "No microphone was found. Plug one in and press Record again",
  OverconstrainedError: "That microphone is gone. Choose another one and press Record again",
  NotAllowedError: "The browser was not allowed to use the microphone. Press the sign beside the page's address, allow the microphone (and the browser itself in the system's settings, under privacy), and press Record again",
  NotReadableError: "The microphone is busy: another program or tab is using it. Close that (a video call?) and press Record again",
}
REFUSED.SecurityError = REFUSED.NotAllowedError
REFUSED.AbortError = REFUSED.NotReadableError

const IN_VS_CODE = "VS Code lets no notebook use the microphone. Open this notebook in JupyterLab, in a browser"
const IN_A_FRAME = "This notebook stands inside another page, which lets it use no microphone. Open it in a tab of its own"
const OLD = "This browser is too old to record here (it has no AudioWorklet). Take a newer one: Firefox, Chrome, Edge or Safari"
const GONE = "The microphone went away while it was recording. Plug it in and press Record again"

function insecure() {
  const port = location.port || "8888"
  return `The browser gives its microphone to no page like ${location.protocol}//${location.host}: the address has to begin with https or be localhost. ` +
    `If the notebook runs on this computer, open http://localhost:${port}. If it runs on another one, type here: ` +
    `ssh -N -L ${port}:localhost:${port} YOU@${location.hostname}, and open http://localhost:${port}`
}

function why(error) {
  if (error.name === "NotAllowedError" && document.body.matches("[data-vscode-theme-kind]")) return IN_VS_CODE
  if (error.name === "NotAllowedError" && document.featurePolicy?.allowsFeature("microphone") === false) return IN_A_FRAME
  return REFUSED[error.name] ?? `The microphone could not be opened (${error.name}: ${error.message}). Press Record again`
}

function make(tag, given = {}, ...children) {
  const { data, ...plain } = given
  const element = Object.assign(document.createElement(tag), plain)
  for (const [name, value] of Object.entries(data ?? {})) element.setAttribute(name, value)
  element.append(...children)
  return element
}

const button = (textContent, onclick, given = {}) => make("button", { type: "button", textContent, onclick, ...given })
const sentence = (words) => Object.assign(new Error(words), { sentence: true })

// ---------------------------------------------------------------------------------------------------------------- recording

// Runs in the browser's own thread for sound, where no busy page makes gaps. It comes as an address of its own making, since a
// notebook's page has no folder from which to load it.
const SAMPLES = `registerProcessor("shoulders-samples", class extends AudioWorkletProcessor {
  process([input]) {
    if (input.length) this.port.postMessage(input[0].slice())
    return true
  }
})`

/** A microphone that is open: `take(samples)` gets what comes, 128 samples at a time, until `close`. */
async function openMicrophone(id, take, gone) {
  if (!navigator.mediaDevices?.getUserMedia) throw sentence(insecure())
  if (!window.AudioContext || !window.AudioWorkletNode) throw sentence(OLD)
  const context = new AudioContext() // before the first await: a context belongs to the press of a button
  let stream = null
  const close = () => {
    stream?.getTracks().forEach((track) => ((track.onended = null), track.stop())) // the browser's red light goes out
    if (context.state !== "closed") context.close()
  }
  try {
    const address = URL.createObjectURL(new Blob([SAMPLES], { type: "text/javascript" }))
    await context.audioWorklet.addModule(address).finally(() => URL.revokeObjectURL(address))
    const node = new AudioWorkletNode(context, "shoulders-samples", { channelCount: 1, channelCountMode: "explicit" })
    node.port.onmessage = ({ data }) => take(data)
    node.connect(context.destination) // it says nothing there; but what leads nowhere some browsers do not run
    const which = id ? { deviceId: { exact: id } } : {}
    // As it comes: what adapts to the sound before gives two answers to the same word. See microphone.py.
    const plain = { echoCancellation: false, noiseSuppression: false, autoGainControl: false, channelCount: { ideal: 1 } }
    stream = await navigator.mediaDevices.getUserMedia({ audio: { ...plain, ...which }, video: false })
    const [track] = stream.getAudioTracks()
    track.onended = gone
    context.createMediaStreamSource(stream).connect(node)
    await context.resume()
    return { rate: context.sampleRate, id: track.getSettings().deviceId ?? "", close }
  } catch (error) {
    close()
    throw error
  }
}

/** Samples of one recording, from the first that is not zero: until then a microphone is still opening. */
function tape(seconds, rate) {
  const samples = new Float32Array(Math.round(seconds * rate))
  let length = 0
  let waited = 0
  return {
    samples,
    rate,
    length: () => length,
    left: () => (samples.length - length) / rate,
    taken: () => samples.subarray(0, length),
    add(more) {
      if (!length && waited < OPENING * rate && more.every((one) => one === 0)) return void (waited += more.length)
      const fits = more.subarray(0, samples.length - length)
      samples.set(fits, length)
      length += fits.length
    },
  }
}

/** A WAV file: mono, 16 bits a sample, at the rate that the browser has; Python resamples. */
function wav(samples, rate) {
  const file = new DataView(new ArrayBuffer(44 + 2 * samples.length))
  const words = (at, text) => [...text].forEach((sign, i) => file.setUint8(at + i, sign.charCodeAt(0)))
  words(0, "RIFF")
  file.setUint32(4, 36 + 2 * samples.length, true)
  words(8, "WAVEfmt ")
  file.setUint32(16, 16, true)
  file.setUint16(20, 1, true) // plain numbers
  file.setUint16(22, 1, true) // one channel
  file.setUint32(24, rate, true)
  file.setUint32(28, 2 * rate, true)
  file.setUint16(32, 2, true)
  file.setUint16(34, 16, true)
  words(36, "data")
  file.setUint32(40, 2 * samples.length, true)
  samples.forEach((one, i) => file.setInt16(44 + 2 * i, Math.round(32767 * Math.max(-1, Math.min(1, one))), true))
  return file
}

/** The samples of such a file, as it comes back from Python. */
function samplesOf(file) {
  const told = new DataView(file.buffer, file.byteOffset, file.byteLength)
  return Float32Array.from({ length: (file.byteLength - 44) >> 1 }, (_, i) => told.getInt16(44 + 2 * i, true) / 32768)
}

// ------------------------------------------------------------------------------------------------------------ what is drawn

/** The wave from left to right, quiet parts enlarged (a square root); a recording that goes on has not filled its `length` yet. */
function wavePicture() {
  const root = make("canvas", { className: "wave", data: { "aria-hidden": "true" } })
  let shown = [new Float32Array(0), 1]
  function draw() {
    const dense = window.devicePixelRatio || 1
    const [width, height] = [Math.round(root.clientWidth * dense), Math.round(root.clientHeight * dense)]
    if (!width) return
    Object.assign(root, { width, height })
    const pen = root.getContext("2d")
    const [samples, length] = shown
    pen.fillStyle = getComputedStyle(root).color
    for (let x = 0; x < width; x++) {
      const from = Math.floor((x * length) / width)
      const part = samples.subarray(from, Math.max(from + 1, Math.floor(((x + 1) * length) / width)))
      if (!part.length) break
      const top = part.reduce((most, one) => Math.max(most, Math.abs(one)), 0)
      const tall = Math.max(dense, height * Math.sqrt(Math.min(1, top)))
      pen.fillRect(x, (height - tall) / 2, 1, tall)
    }
  }
  return {
    root,
    draw,
    show(samples, length = samples.length) {
      shown = [samples, Math.max(1, length)]
      draw()
    },
  }
}

/** How loud it is just now, from -60 dB to 0. */
function levelBar() {
  const bar = make("span")
  const root = make("div", { className: "level", data: { "aria-hidden": "true" } }, bar)
  return {
    root,
    show(samples) {
      const top = samples.reduce((most, one) => Math.max(most, Math.abs(one)), 0)
      const level = 20 * Math.log10(top)
      bar.style.transform = `scaleX(${Math.min(1, Math.max(0, 1 - level / FLOOR))})`
      root.classList.toggle("loud", level > LOUD)
    },
  }
}

/** The answer: its likeliest class large, then each of the likeliest with a bar. */
function answerBox() {
  const label = make("p", { className: "label" })
  const audio = make("audio", { controls: true, data: { "aria-label": "What the network heard" } })
  const bars = make("ol", { className: "bars", ariaLabel: "The likeliest classes" })
  const level = make("p", { className: "small" })
  const root = make("div", { hidden: true }, make("div", { className: "heard answer" }, label, audio), bars, level)
  const one = ({ name, share, told }) => {
    const length = make("span")
    length.style.width = `${100 * share}%`
    return make("li", {}, make("span", { className: "class", title: name, textContent: name }), make("span", { className: "bar", data: { "aria-hidden": "true" } }, length), make("span", { className: "share", textContent: told }))
  }
  const forget = () => {
    root.hidden = true
    audio.pause()
    URL.revokeObjectURL(audio.src)
  }
  return {
    root,
    forget,
    show({ answers, said }, file) {
      forget()
      root.hidden = false
      label.textContent = label.title = answers[0]?.name ?? "no answer"
      bars.replaceChildren(...answers.map(one))
      level.textContent = said
      audio.src = URL.createObjectURL(new Blob([file], { type: "audio/wav" }))
    },
  }
}

// ---------------------------------------------------------------------------------------------------------------- the whole

function render({ model, el }) {
  const view = String(Math.random())
  const send = (content, buffers = []) => model.send({ ...content, view }, undefined, buffers)
  let state = { clips: [], seconds: 2 }
  let microphone = null
  let recorded = null // the tape that runs
  let opening = null // the press of the button that waits for the microphone; whatever makes it unwanted puts null here
  let turn = 0 // of the clip that was handed over last: what is said of an earlier one comes too late
  let slow = null
  let since = 0

  const trouble = make("p", { className: "trouble", hidden: true, data: { role: "alert" } })
  const which = make("select", { ariaLabel: "Microphone or recorded clips", onchange: () => stop() })
  const power = button("Record", () => press(), { className: "power" })
  const file = make("input", { type: "file", accept: "audio/*,.wav,.flac,.ogg,.opus,.mp3", hidden: true, onchange: () => fromFile() })
  const open = button("Open a file…", () => file.click(), { title: "A WAV, FLAC, Ogg or MP3 file of a few seconds" })
  const now = make("p", { className: "now", data: { role: "status" } })
  const wave = wavePicture()
  const level = levelBar()
  const answer = answerBox()
  const root = make(
    "div",
    { className: "shoulders-camera shoulders-microphone", tabIndex: -1, data: { role: "group", "aria-label": "Say a word to the network", "data-lm-suppress-shortcuts": "" } },
    trouble,
    make("div", { className: "line" }, which, power, open, file),
    make("p", { className: "small", textContent: whereTo() }),
    now,
    wave.root,
    level.root,
    answer.root,
  )
  el.append(root)

  // -- what is wrong

  function complain(words) {
    trouble.textContent = words
    trouble.hidden = !words
  }

  function refused(error) {
    const words = error.sentence ? error.message : why(error)
    complain(`${words}, or ${state.clips.length ? "choose a recorded clip in the list, or " : ""}open a file.`)
  }

  // -- where clips come from

  const clip = () => (which.value.startsWith(CLIP) ? which.value.slice(CLIP.length) : null)

  function idle() {
    power.textContent = clip() === null ? "Record" : "Ask"
    power.classList.remove("on")
    now.textContent = clip() === null ? `Press Record, and say one word. It listens for ${state.seconds} s.` : "Press Ask: the network hears this clip."
  }

  function press() {
    if (recorded) return finish()
    if (opening) return stop()
    complain("")
    answer.forget()
    wave.show(new Float32Array(0))
    if (clip() !== null) handOver({ clip: clip() })
    else record()
  }

  async function record() {
    const mine = (opening = {})
    const current = () => opening === mine
    let running = null
    turn++
    power.textContent = "Cancel"
    now.textContent = "Opening the microphone. If the browser asks, allow it."
    const take = (samples) => {
      if (!running || recorded !== running) return
      running.add(samples)
      level.show(samples)
      if (running.length() === running.samples.length) finish()
    }
    try {
      const opened = await openMicrophone(which.value, take, () => lost())
      if (!current()) return opened.close()
      opening = null
      microphone = opened
      recorded = running = tape(state.seconds, opened.rate)
      power.textContent = "Stop"
      power.classList.add("on")
      requestAnimationFrame(watch)
      listMicrophones(opened.id)
    } catch (error) {
      if (!current()) return
      stop()
      refused(error)
    }
  }

  function watch() {
    if (!recorded) return
    const words = recorded.length() ? "Recording: speak now." : "The microphone is opening: wait."
    if (now.textContent !== words) now.textContent = words // a screen reader tells it once
    wave.show(recorded.taken(), recorded.samples.length)
    requestAnimationFrame(watch)
  }

  function finish() {
    const made = recorded
    stop()
    wave.show(made.taken())
    handOver({}, [wav(made.taken(), made.rate)])
  }

  function stop() {
    opening = recorded = null
    microphone?.close()
    microphone = null
    level.show([])
    idle()
  }

  function lost() {
    stop()
    refused(sentence(GONE))
  }

  async function fromFile() {
    const [given] = file.files
    file.value = "" // the same file may be opened again
    if (!given) return
    stop()
    complain(given.size > LARGEST ? `${given.name} has ${(given.size / 1e6).toFixed(1)} MB, and a few seconds of sound have less than ${LARGEST / 1e6}: choose another file.` : "")
    answer.forget()
    wave.show(new Float32Array(0))
    if (given.size <= LARGEST) handOver({ file: given.name }, [new DataView(await given.arrayBuffer())])
  }

  function handOver(asked, buffers = []) {
    now.textContent = "The network is listening to it."
    since = performance.now()
    clearTimeout(slow)
    slow = setTimeout(() => complain(SLOW), PATIENCE)
    send({ do: "hear", turn: ++turn, ...asked }, buffers)
  }

  async function listMicrophones(chosen = which.value) {
    const devices = (await navigator.mediaDevices?.enumerateDevices?.()) ?? []
    const microphones = devices.filter(({ kind, deviceId }) => kind === "audioinput" && deviceId)
    const live = microphones.map(({ deviceId, label }, i) => make("option", { value: deviceId, textContent: label || `Microphone ${i + 1}` }))
    const clips = state.clips.map((name) => make("option", { value: CLIP + name, textContent: name }))
    const groups = [make("optgroup", { label: "Microphone" }, ...(live.length ? live : [make("option", { value: "", textContent: "Your microphone" })]))]
    if (clips.length) groups.push(make("optgroup", { label: "Recorded clips" }, ...clips))
    which.replaceChildren(...groups)
    if ([...which.options].some(({ value }) => value === chosen)) which.value = chosen
  }

  // -- what Python tells

  const tells = {
    async state(told) {
      state = told
      await listMicrophones()
      if (!recorded && !opening) idle()
    },
    answer(told, [file]) {
      if (!answered(told)) return
      answer.show(told, file)
      wave.show(samplesOf(file))
      now.textContent = `Heard: ${told.answers[0]?.name ?? "nothing"}, after ${((performance.now() - since) / 1000).toFixed(1)} s.`
    },
    trouble(told) {
      if (!answered(told)) return
      complain(told.said)
      idle()
    },
  }

  function answered({ turn: theirs }) {
    if (theirs !== turn) return false
    clearTimeout(slow)
    complain("")
    return true
  }

  const hear = (told, buffers = []) => (told.view === null || told.view === view) && tells[told.tell](told, buffers)
  const relist = () => listMicrophones()
  const resized = new ResizeObserver(wave.draw)
  resized.observe(wave.root)
  model.on("msg:custom", hear)
  navigator.mediaDevices?.addEventListener?.("devicechange", relist)
  listMicrophones()
  idle()
  send({ do: "hello" })

  return () => {
    stop()
    clearTimeout(slow)
    answer.forget()
    resized.disconnect()
    model.off("msg:custom", hear)
    navigator.mediaDevices?.removeEventListener?.("devicechange", relist)
  }
}

/** Said beside the button; a page that comes from another computer says so. */
function whereTo() {
  const here = ["localhost", "127.0.0.1", "[::1]"].includes(location.hostname)
  const named = location.protocol.startsWith("http") && !here
  return "What you record goes to the Python behind this notebook and no further: not to the internet, and no file is written." +
    (named ? " That Python runs on the computer from which this page comes, not on yours." : "")
}

export default { render }

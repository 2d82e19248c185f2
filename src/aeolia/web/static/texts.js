// All words of the page, one table a language. `t` is a word now, `apply` fills what is on the page.

const TEXTS = {
  en: {
    motto: "Audio autoencoders on your own machine. Nothing is sent anywhere else.",
    language: "Language", theme: "Light or dark",
    clean: "Clean", separate: "Separate", play: "Play", reshape: "Reshape", live: "Live", compare: "Compare", models: "Models",
    drop: "Drop files here, or", choose: "choose files", chooseOne: "choose a file", record: "record", stop: "stop",
    recorded: "recording", noMicrophone: "The microphone cannot be used: allow it for this page, and see that one is connected.",
    model: "Model", byItself: "the one that fits", format: "Format", likeInput: "like the input",
    sending: "sending", waiting: "waiting", running: "working", left: "left", cancel: "cancel", cancelled: "cancelled", remove: "remove",
    before: "before", after: "after", both: "Before or after (key B)", playSound: "play", pause: "pause", position: "Position",
    strength: "Strength", strengthHelp: "how much of the noise goes; heard at once", download: "download", downloadAll: "download all as ZIP",
    downloadAt: "download at this strength", zoomIn: "zoom in", zoomOut: "zoom out", whole: "whole", spectrogram: "Spectrogram", waveform: "Waveform",
    loudness: "Loudness", floor: "Noise floor", peak: "Peak", clipped: "Clipped samples", tooLong: "Too long to be played here: download it.",
    cleanAbout: "Takes noise out of speech. Length, rate, channels and level stay as they are.",
    separateAbout: "Takes sources or one speaker out of a recording.", what: "What to take out", stems: "a song's four stems", sources: "sources", speaker: "one speaker",
    kit: "the parts of a drum kit", kick: "kick", snare: "snare", toms: "toms", hihat: "hi-hat", cymbals: "cymbals",
    speech: "speech", vocals: "vocals", bass: "bass", other: "other", noise: "noise", rest: "what remains", restToo: "what remains, too", speakerClip: "A clip of the speaker", sourceMissing: "Tick at least one source.",
    go: "go", mixer: "Mixer", solo: "solo", mute: "mute", volume: "Volume", mixture: "mixture", downloadMix: "download this mix", orMark: "Without a clip, mark a stretch of the recording itself in which the speaker is alone, once it is dropped below.", mark: "Drag over a stretch in which the speaker to take out is alone; some seconds will do.", hear: "listen", from: "from", until: "to",
    playAbout: "Plays notes with computer keys (A to K), the mouse, or a MIDI keyboard.", instrument: "Instrument", velocity: "Velocity", octave: "Octave", words: "Timbre in words", draw: "draw a timbre", usual: "usual timbre",
    range: "learned from", midi: "MIDI keyboard", midiNone: "none", scores: "Scores", score: "Drop a MIDI file, or", scoreAbout: "Each channel gets the instrument of its program, or the one that you choose.",
    noScore: "no MIDI file", channel: "Channel", program: "Program", notes: "Notes", drums: "drums", leaveOut: "leave out", render: "render",
    map: "Map of timbres", mapAbout: "Every instrument has a place in the latent space. Press and drag: the sound follows while it plays, at the pitch of the key last struck.",
    across: "Across", up: "Up", soundMap: "sound here", near: "near",
    reshapeAbout: "Gives a melody another instrument, pitch or timbre. One voice at a time: no chords.", how: "How", transfer: "to an instrument", shift: "shift the pitch", morph: "morph into another sound",
    to: "Instrument", semitones: "Semitones", snap: "hold at semitones", formants: "Formants", keep: "keep", move: "move", voice: "a voice: keep its words", second: "The sound to end with", secondMissing: "Choose the sound to end with first.",
    liveAbout: "Microphone to headphones, cleaned. Use headphones: a speaker beside the microphone whistles.", inBrowser: "The same in the browser itself, without the server", start: "start", latency: "Delay", load: "Load", dropouts: "Drop-outs", recordResult: "record the result", sound: "Sound",
    compareAbout: "Makes a blind listening test of two or more versions of the same files: which do you prefer (A/B), or, with references, how close is each to it (MUSHRA).",
    compareFiles: "Drop at least one file first.", versions: "Versions", version: "Version", addVersion: "add a version", untouched: "untouched", ownOperation: "an operation of your own",
    ownJson: "As the HTTP API has it", atMost: "at most (dB)", noJson: "no JSON", referencesAbout: "References, such as the clean recordings: they make it a MUSHRA test", references: "Drop a reference for each file, of the same name or in the same order, or",
    makeTest: "make the test", mushra: "MUSHRA", ab: "A/B", trials: "trials", listeningTest: "Listening test", results: "results", saveRatings: "download ratings (CSV)", saveTest: "download the test (ZIP), for other listeners",
    modelsAbout: "What is inside, how well it does, and what it was trained on.", task: "Task", rate: "Rate", size: "Size", card: "Card", cardOfModel: "The model's card", ownModel: "A model of your own, by its path", open: "open",
    lost: "The server does not answer: was it stopped? Start it again with: aeolia web", failed: "failed", salvage: "take what is there", again: "try again",
  },
  zh: {
    motto: "音频自编码器，在您自己的电脑上运行，不向任何地方发送数据。",
    language: "语言", theme: "浅色或深色",
    clean: "降噪", separate: "分离", play: "演奏", reshape: "变换", live: "实时", compare: "比较", models: "模型",
    drop: "把文件拖到这里，或", choose: "选择文件", chooseOne: "选择文件", record: "录音", stop: "停止",
    recorded: "录音", noMicrophone: "无法使用麦克风：请允许本页面使用，并确认已连接。",
    model: "模型", byItself: "自动选择", format: "格式", likeInput: "与输入相同",
    sending: "发送中", waiting: "等待中", running: "处理中", left: "剩余", cancel: "取消", cancelled: "已取消", remove: "移除",
    before: "处理前", after: "处理后", both: "处理前或处理后（B 键）", playSound: "播放", pause: "暂停", position: "位置",
    strength: "强度", strengthHelp: "去除噪声的多少，立即可听", download: "下载", downloadAll: "全部下载（ZIP）",
    downloadAt: "按此强度下载", zoomIn: "放大", zoomOut: "缩小", whole: "全部", spectrogram: "语谱图", waveform: "波形",
    loudness: "响度", floor: "本底噪声", peak: "峰值", clipped: "削波样本", tooLong: "太长，无法在此播放：请下载。",
    cleanAbout: "去除语音中的噪声。长度、采样率、声道和电平保持不变。",
    separateAbout: "从录音中取出声源或某一位说话人。", what: "取出什么", stems: "歌曲的四个分轨", sources: "声源", speaker: "一位说话人",
    kit: "架子鼓的各件", kick: "底鼓", snare: "军鼓", toms: "嗵鼓", hihat: "踩镲", cymbals: "镲片",
    speech: "语音", vocals: "人声", bass: "贝斯", other: "其他", noise: "噪声", rest: "其余部分", restToo: "同时给出其余部分", speakerClip: "该说话人的一段录音", sourceMissing: "请至少选择一个声源。",
    go: "开始", mixer: "混音台", solo: "独奏", mute: "静音", volume: "音量", mixture: "混合", downloadMix: "下载此混音", orMark: "没有录音时，把录音拖到下面后，在其中标出只有该说话人的一段。", mark: "拖动标出只有该说话人的一段，几秒即可。", hear: "试听", from: "从", until: "到",
    playAbout: "用电脑键盘（A 至 K）、鼠标或 MIDI 键盘演奏音符。", instrument: "乐器", velocity: "力度", octave: "八度", words: "用文字描述音色", draw: "抽取一种音色", usual: "常用音色",
    range: "学习音域", midi: "MIDI 键盘", midiNone: "无", scores: "乐谱", score: "把 MIDI 文件拖到这里，或", scoreAbout: "每个通道使用其音色号对应的乐器，也可另选。",
    noScore: "不是 MIDI 文件", channel: "通道", program: "音色", notes: "音符", drums: "鼓", leaveOut: "不演奏", render: "渲染",
    map: "音色地图", mapAbout: "每种乐器在潜空间中都有位置。按住并拖动：声音边响边变，音高为最近弹过的键。",
    across: "横向", up: "纵向", soundMap: "在此发声", near: "靠近",
    reshapeAbout: "把旋律变成另一种乐器、音高或音色。一次一个声部，不支持和弦。", how: "方式", transfer: "音色转换", shift: "变调", morph: "渐变为另一个声音",
    to: "乐器", semitones: "半音", snap: "对准半音", formants: "共振峰", keep: "保持", move: "移动", voice: "人声：保留歌词", second: "终点的声音", secondMissing: "请先选择终点的声音。",
    liveAbout: "从麦克风到耳机，实时降噪。请使用耳机：麦克风旁的扬声器会啸叫。", inBrowser: "在浏览器自身中运行，不经过服务器", start: "开始", latency: "延迟", load: "负载", dropouts: "丢失", recordResult: "录制结果", sound: "声音",
    compareAbout: "为相同文件的两个或多个版本制作盲听测试：更喜欢哪个（A/B），或在有参考时，与参考多接近（MUSHRA）。",
    compareFiles: "请先拖入至少一个文件。", versions: "版本", version: "版本", addVersion: "添加版本", untouched: "未处理", ownOperation: "自定义操作",
    ownJson: "按 HTTP API 的写法", atMost: "最多 (dB)", noJson: "不是 JSON", referencesAbout: "参考，例如干净的录音：成为 MUSHRA 测试", references: "为每个文件拖入参考（同名或同序），或",
    makeTest: "制作测试", mushra: "MUSHRA", ab: "A/B", trials: "试听数", listeningTest: "听音测试", results: "结果", saveRatings: "下载评分（CSV）", saveTest: "下载测试（ZIP），供其他人试听",
    modelsAbout: "内含什么、效果如何、用什么训练。", task: "任务", rate: "采样率", size: "大小", card: "模型卡", cardOfModel: "模型卡", ownModel: "您自己的模型（路径）", open: "打开",
    lost: "服务器没有回应：是否已停止？请重新运行：aeolia web", failed: "失败", salvage: "使用现有部分", again: "重试",
  },
};

let language = "en";

export function chooseLanguage(name) {
  language = name in TEXTS ? name : "en";
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  apply(document);
}

export const currentLanguage = () => language;

export const t = (key) => TEXTS[language][key] ?? key;

// `data-t` names the text of an element, `data-label` what a screen reader says of it.
export function apply(root) {
  for (const element of root.querySelectorAll("[data-t]")) element.textContent = t(element.dataset.t);
  for (const element of root.querySelectorAll("[data-label]")) {
    element.setAttribute("aria-label", t(element.dataset.label));
    element.title = t(element.dataset.label);
  }
}

export const tables = TEXTS;

// All words of the page of a listening test, one table a language; `{name}` is filled in.
"use strict";

const WORDS = {
  en: {
    yourName: "Your name or number:", begin: "Begin",
    before: "Use headphones in a quiet place. Set a comfortable volume at the first sound and leave it there. " +
      "Your ratings stay in this browser until you export them; nothing is sent.",
    beforeKept: "Use headphones in a quiet place. Set a comfortable volume at the first sound and leave it there. " +
      "The page around this one keeps your ratings.",
    repeat: "Repeat", clipsRated: "Clips rated", previous: "Previous", stop: "Stop", next: "Next", finish: "Finish",
    thanks: "Thank you", sendThem: "Export your ratings and send the file to whoever asked you to listen.",
    back: "Back to the clips", another: "Another listener", export: "Export ratings (CSV)", asText: "Ratings as text",
    keepsNothing: "This browser keeps nothing for this page: export your ratings before you close it.",
    mushra: "You will hear each clip in several versions. Compare each version with the reference and rate its " +
      "quality from 0 (bad) to 100 (excellent).",
    hidden: "One of the versions is the reference itself: give it 100.",
    ab: "You will hear each clip in two versions, A and B. Say which one you prefer.",
    howClose: "How close is each version to the reference?", whichOne: "Which version do you prefer?",
    grades: "Bad,Poor,Fair,Good,Excellent", reference: "Reference",
    keyReference: "reference", keyVersion: "version", keyRating: "rating", keyPlay: "play A or B",
    keyPrefer: "prefer A, B or neither", keyStop: "stop", keyNext: "next", keyBack: "back",
    clip: "Clip {at} of {all}", play: "Play {name}", theReference: "the reference", version: "version {letter}",
    noSound: "{file} cannot be played: keep the folder audio beside this page, and use a browser that plays FLAC files.",
    notPlayed: "{letter} cannot be played: {reason}", rating: "Rating of version {letter}, 0 bad to 100 excellent",
    notRated: "not rated", prefer: "I prefer", neither: "neither", allRated: "All clips are rated.",
    someRated: "{rated} of {all} clips are rated.", rateThese: "Listen to and rate: {letters}.",
    listenToBoth: "Listen to both versions and say which one you prefer.", nameFirst: "Give a name or number first.",
  },
  zh: {
    yourName: "您的姓名或编号：", begin: "开始",
    before: "请在安静的地方使用耳机。听到第一个声音时把音量调到舒适，之后不要再改。评分保存在本浏览器中，直到您导出；不会发送任何数据。",
    beforeKept: "请在安静的地方使用耳机。听到第一个声音时把音量调到舒适，之后不要再改。评分由外面的页面保存。",
    repeat: "循环播放", clipsRated: "已评分的片段", previous: "上一个", stop: "停止", next: "下一个", finish: "完成",
    thanks: "谢谢", sendThem: "请导出评分，并把文件发给请您试听的人。",
    back: "回到片段", another: "另一位听者", export: "导出评分（CSV）", asText: "评分文本",
    keepsNothing: "本浏览器不为此页面保存数据：关闭之前请导出评分。",
    mushra: "每个片段有若干版本。请把每个版本与参考对比，并给音质评分，从 0（差）到 100（优）。",
    hidden: "其中一个版本就是参考本身：请给它 100 分。",
    ab: "每个片段有 A、B 两个版本。请选出您更喜欢的一个。",
    howClose: "每个版本与参考有多接近？", whichOne: "您更喜欢哪个版本？",
    grades: "差,较差,一般,良,优", reference: "参考",
    keyReference: "参考", keyVersion: "版本", keyRating: "评分", keyPlay: "播放 A 或 B",
    keyPrefer: "更喜欢 A、B 或无差别", keyStop: "停止", keyNext: "下一个", keyBack: "返回",
    clip: "片段 {at} / {all}", play: "播放{name}", theReference: "参考", version: "版本 {letter}",
    noSound: "无法播放 {file}：请保持 audio 文件夹与本页面在一起，并使用能播放 FLAC 的浏览器。",
    notPlayed: "无法播放 {letter}：{reason}", rating: "版本 {letter} 的评分，0 差，100 优",
    notRated: "未评分", prefer: "我更喜欢", neither: "无差别", allRated: "所有片段都已评分。",
    someRated: "{all} 个片段中已评 {rated} 个。", rateThese: "请试听并评分：{letters}。",
    listenToBoth: "请听完两个版本，再选出您更喜欢的一个。", nameFirst: "请先填写姓名或编号。",
  },
};

// The language asked for (`?language=zh`), or the browser's own.
const asked = new URLSearchParams(location.search).get("language") ?? navigator.language;
const language = asked.slice(0, 2) in WORDS ? asked.slice(0, 2) : "en";
document.documentElement.lang = language === "zh" ? "zh-CN" : "en";

function t(key, values = {}) {
  return WORDS[language][key].replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

for (const element of document.querySelectorAll("[data-t]")) element.textContent = t(element.dataset.t);
for (const element of document.querySelectorAll("[data-label]")) {
  element.setAttribute("aria-label", t(element.dataset.label));
}

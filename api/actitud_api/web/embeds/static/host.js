addEventListener("message", ({ data, source }) => {
  if (data?.type !== "actitud:height") return;
  for (const frame of document.querySelectorAll("iframe")) {
    if (frame.contentWindow === source) frame.height = data.height;
  }
});

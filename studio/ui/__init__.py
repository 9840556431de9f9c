"""The face in the browser: widgets become a request, events become a progress bar, a result becomes a playing video.

    page        header, four tabs, about, endpoints; what launch needs
    layout      what the tabs share: widgets drawn from a request's bounds, buttons, the result panel
    running     from a click to a finished clip, Cancel, downloads
    handover    results go from tab to tab; a finished file fills its form again
    messages    every sentence and piece of markup that is said back
    theme       paper and ink
    one file per tab: text_to_video, interpolation, restyle, prediction

Nothing here imports torch: the page answers before the generators load.
"""

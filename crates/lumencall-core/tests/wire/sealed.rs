//! Which offers tell no address, and so may come ahead of the accept.

use lumencall_core::wire::names_no_address;

/// What Chromium makes of a camera and a microphone before it has gathered.
const CHROMIUM: &str = "v=0\r
o=- 2890844526842163049 2 IN IP4 127.0.0.1\r
s=-\r
t=0 0\r
a=group:BUNDLE 0 1\r
a=extmap-allow-mixed\r
a=msid-semantic: WMS 6f1c2f0e-54a0-4d11-9d6c-0a3a5e2b7d10\r
m=audio 9 UDP/TLS/RTP/SAVPF 111 63 9 0 8 13 110 126\r
c=IN IP4 0.0.0.0\r
a=rtcp:9 IN IP4 0.0.0.0\r
a=ice-ufrag:7kQd\r
a=ice-pwd:s4FeCL7vC9oWq0KpYbqzT3nE\r
a=ice-options:trickle\r
a=fingerprint:sha-256 5E:0A:9B:7C:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:12:34:56:78:9A:BC:DE:F0:0F:1E:2D:3C\r
a=setup:actpass\r
a=mid:0\r
a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level\r
a=extmap:2 http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time\r
a=extmap:3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01\r
a=sendrecv\r
a=msid:6f1c2f0e-54a0-4d11-9d6c-0a3a5e2b7d10 0d9a3a42-6fd7-4c19-8f0e-1f3c9a5d7e21\r
a=rtcp-mux\r
a=rtcp-rsize\r
a=rtpmap:111 opus/48000/2\r
a=rtcp-fb:111 transport-cc\r
a=fmtp:111 minptime=10;useinbandfec=1\r
a=rtpmap:126 telephone-event/8000\r
a=ssrc:3735928559 cname:Qm1vTz0Zr8xk2bWf\r
m=video 9 UDP/TLS/RTP/SAVPF 96 97 103\r
c=IN IP4 0.0.0.0\r
a=rtcp:9 IN IP4 0.0.0.0\r
a=ice-ufrag:7kQd\r
a=ice-pwd:s4FeCL7vC9oWq0KpYbqzT3nE\r
a=ice-options:trickle\r
a=mid:1\r
a=recvonly\r
a=rtcp-mux\r
a=rtpmap:96 VP8/90000\r
a=rtcp-fb:96 goog-remb\r
a=rtpmap:103 H264/90000\r
a=fmtp:103 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42001f\r
a=ssrc-group:FID 3735928560 3735928561\r
";

/// What Firefox makes of the same.
const FIREFOX: &str = "v=0\r
o=mozilla...THIS_IS_SDPARTA-128.5.0 5489573290846216304 0 IN IP4 0.0.0.0\r
s=-\r
t=0 0\r
a=fingerprint:sha-256 5E:0A:9B:7C:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:12:34:56:78:9A:BC:DE:F0:0F:1E:2D:3C\r
a=group:BUNDLE 0 1\r
a=ice-options:trickle\r
a=msid-semantic:WMS *\r
m=audio 9 UDP/TLS/RTP/SAVPF 109 9 0 8 101\r
c=IN IP4 0.0.0.0\r
a=sendrecv\r
a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level\r
a=extmap:2/recvonly urn:ietf:params:rtp-hdrext:csrc-audio-level\r
a=fmtp:109 maxplaybackrate=48000;stereo=1;useinbandfec=1\r
a=ice-pwd:1c2f0e54a04d119d6c0a3a5e2b7d10ff\r
a=ice-ufrag:0d9a3a42\r
a=mid:0\r
a=msid:{6f1c2f0e-54a0-4d11-9d6c-0a3a5e2b7d10} {0d9a3a42-6fd7-4c19-8f0e-1f3c9a5d7e21}\r
a=rtcp-mux\r
a=rtpmap:109 opus/48000/2\r
a=setup:actpass\r
a=ssrc:2890844526 cname:{5d7e210d-9a3a-426f-bd74-c198f0e1f3c9}\r
m=video 0 UDP/TLS/RTP/SAVPF 120\r
c=IN IP4 0.0.0.0\r
a=bundle-only\r
a=sendrecv\r
a=fmtp:120 max-fs=12288;max-fr=60\r
a=mid:1\r
a=rtpmap:120 VP8/90000\r
a=setup:actpass\r
";

#[test]
fn what_browsers_make_before_gathering_tells_no_address() {
    for sdp in [CHROMIUM, FIREFOX] {
        assert!(names_no_address(sdp));
        assert!(names_no_address(&sdp.replace('\r', "")), "with LF alone");
        assert!(names_no_address(sdp.trim_end()), "without an end of line");
    }
    assert!(names_no_address(""));
}

/// A line put into places of an offer, with each end of line.
fn told_by(line: &str) -> bool {
    let spread = |sdp: &str| {
        let lines: Vec<&str> = sdp.lines().collect();
        (1..=lines.len()).step_by(6).all(|place| {
            ["\r\n", "\n", "\r"].iter().all(|end| {
                let mut lines = lines.clone();
                lines.insert(place, line);
                !names_no_address(&lines.join(end))
            })
        })
    };
    spread(CHROMIUM) && spread(FIREFOX)
}

#[test]
fn i2_a_candidate_is_told_wherever_it_stands() {
    for line in [
        "a=candidate:1 1 udp 2122260223 192.0.2.7 51234 typ host",
        "a=candidate:1 1 udp 2122260223 2001:db8::7 51234 typ host",
        "a=candidate:1 1 udp 2122260223 0d9a3a42-6fd7-4c19-8f0e-1f3c9a5d7e21.local 51234 typ host",
        "a=candidate:1 1 udp 2122260223 0.0.0.0 9 typ host",
        "a=Candidate:1 1 udp 1 x 9 typ host",
        "a=CANDIDATE:1 1 udp 1 x 9 typ host",
        "a= candidate:1 1 udp 1 x 9 typ host",
        " a=candidate:1 1 udp 1 x 9 typ host",
        "\ta=candidate:1 1 udp 1 x 9 typ host",
        "A=candidate:1 1 udp 1 x 9 typ host",
        "candidate:1 1 udp 1 x 9 typ host",
        "a=remote-candidates:1 192.0.2.7 51234",
        "a=remote-candidates:1 2001:db8::7 51234",
        "a=x-candidate:1 1 udp 1 x 9 typ host",
        "a=end-of-candidates",
    ] {
        assert!(told_by(line), "{line:?}");
    }
}

#[test]
fn i2_an_address_is_told_wherever_it_stands() {
    for line in [
        "c=IN IP4 192.0.2.7",
        "c=IN IP4 192.0.2.7/127",
        "c=IN IP4 0.0.0.0/127",
        "c=IN IP4 00.0.0.0",
        "c=IN IP4 host.example.org",
        "c=IN IP4 0d9a3a42.local",
        "c=IN IP6 2001:db8::7",
        "c=IN IP6 ::",
        "c=IN IP6 ::1",
        "c=in ip4 192.0.2.7",
        "c=in ip4 0.0.0.0",
        "c=IN  IP4  192.0.2.7",
        "c=IN\tIP4\t192.0.2.7",
        "c=IN IP4 192.0.2.7 0.0.0.0",
        "c=IN IP4 0.0.0.0 192.0.2.7",
        "c=IN IP4 0.0.0.0 host.example.org",
        "c=IN IP4",
        "c=",
        "c=host.example.org",
        "c=IN ATM 0.0.0.0",
        "c=IN IP4 host.example.org IP4 0.0.0.0",
        "o=- 1 2 IN IP4 192.0.2.7",
        "o=- 1 2 IN IP6 2001:db8::7",
        "o=- 1 2 IN IP4 host.example.org",
        "o=192.0.2.7 1 2 IN IP4 127.0.0.1",
        "o=- 1 2",
        "a=rtcp:53020 IN IP4 192.0.2.7",
        "a=rtcp:53020 IN IP6 2001:db8::7",
        "a=rtcp:53020 in ip6 2001:db8::7",
        "a=rtcp:9 IN IP4 host.example.org",
        "a=rtcp:9 IN IP4\u{a0}192.0.2.7",
        "a=source-filter: incl IN IP4 * 192.0.2.7",
        "a=x-where:192.0.2.7",
        "a=x-where:(192.0.2.7)",
        "s=192.0.2.7",
        "i=call me at 192.0.2.7.",
        "hello",
        "=",
        "a",
        "é=x",
    ] {
        assert!(told_by(line), "{line:?}");
    }
}

#[test]
fn what_only_looks_like_an_address_is_none() {
    for line in [
        "c=IN IP4 0.0.0.0",
        "c=IN IP4 127.0.0.1",
        "c=IN IP4 0.0.0.0 ",
        "o=- 1 2 IN IP4 0.0.0.0",
        "a=rtcp:9",
        "a=rtcp:9 IN IP4 0.0.0.0",
        "a=x-version:1.2.3",
        "a=x-dots:...",
        "s=...and so on...",
        "b=AS:512",
        "a=extmap:4 http://www.webrtc.org/experiments/rtp-hdrext/video-content-type",
    ] {
        assert!(names_no_address(&format!("{CHROMIUM}{line}\r\n")), "{line:?}");
    }
}

//! The application on a simulated screen.

use boards::{Color, OLED, Screen};
use firmware::{Button, Event, Mode, Presses, WALK_STEPS};
use host_sim::{BUILT_IN, Picture, SCREENS, Script, Viewer, replay, run, test_card};

/// A viewer that keeps every frame.
struct Diary {
    script: Script,
    frames: Vec<(u64, Mode, u8, bool)>,
    pictures: Vec<Picture>,
    enough: usize,
}

impl Viewer for Diary {
    fn frame_shown(&mut self, event: Event<'_>, picture: &Picture) {
        self.script.frame_shown(event);
        if let Event::Shown { seed, mode, step, held, .. } = event {
            self.frames.push((seed, mode, step, held));
            self.pictures.push(picture.clone());
        }
    }

    fn wait(&mut self, _: u32, presses: &mut Presses) {
        self.script.wait(presses);
    }

    fn leaves(&self) -> bool {
        self.frames.len() == self.enough || self.script.stuck()
    }
}

fn watch(screen: Screen, presses: &[(u32, Button)], enough: usize) -> Diary {
    let script = Script::new(presses);
    let mut diary = Diary { script, frames: Vec::new(), pictures: Vec::new(), enough };
    run(BUILT_IN, screen, 7, &mut diary).unwrap();
    diary
}

#[test]
fn buttons_act_on_the_frame_after() {
    use Button::{Hold, Mode as Change, Next};
    let presses = [(1, Next), (1, Change), (3, Hold), (4, Next), (5, Hold)];
    let diary = watch(OLED, &presses, 8);
    let expected = [
        (7, Mode::Faces, 0, false),
        (8, Mode::Faces, 0, false),
        (9, Mode::Walk, 0, false),
        (9, Mode::Walk, 1, false),
        (9, Mode::Walk, 1, true),
        (10, Mode::Walk, 0, true),
        (10, Mode::Walk, 0, false),
        (10, Mode::Walk, 1, false),
    ];
    assert_eq!(diary.frames, expected);
}

#[test]
fn a_walk_passes_through_the_faces() {
    let faces = watch(OLED, &[], 3);
    let walk = watch(OLED, &[(0, Button::Mode)], 2 + usize::from(WALK_STEPS));
    let face = |picture: &Picture| {
        let pixels = (0..64).flat_map(|y| (0..64).map(move |x| (x, y)));
        pixels.map(|(x, y)| picture.pixel(x, y)).collect::<Vec<_>>()
    };
    assert_eq!(face(&walk.pictures[1]), face(&faces.pictures[0]));
    assert_eq!(face(&walk.pictures[1 + usize::from(WALK_STEPS)]), face(&faces.pictures[1]));
}

#[test]
fn a_frame_can_be_replayed_alone() {
    let presses = [(2, Button::Mode), (5, Button::Next)];
    for screen in SCREENS {
        let diary = watch(screen, &presses, 7);
        for (frame, picture) in diary.pictures.iter().enumerate() {
            let replayed = replay(BUILT_IN, screen, 7, &presses, frame as u32).unwrap();
            assert_eq!(&replayed, picture, "{}, frame {frame}", screen.name);
        }
    }
}

#[test]
fn a_held_picture_has_no_successor() {
    let held = replay(BUILT_IN, OLED, 7, &[(2, Button::Hold)], 4);
    let error = held.unwrap_err().to_string();
    assert_eq!(error, "frame 4 is never shown: the picture is held before it");
    assert!(replay(BUILT_IN, OLED, 7, &[(2, Button::Hold)], 3).is_ok());
}

#[test]
fn no_screen_is_drawn_beyond() {
    for width in [1, 2, 7, 31, 32, 33, 65, 101, 127, 161] {
        for height in [1, 3, 31, 32, 33, 47, 64, 66, 81] {
            for color in [Color::Rgb565, Color::Gray4, Color::Binary] {
                let screen = Screen { name: "odd", controller: None, width, height, color };
                let shown = watch(screen, &[(0, Button::Mode), (0, Button::Hold)], 2);
                assert_eq!(shown.frames.len(), 2);
                assert!(test_card(screen).is_ok());
            }
        }
    }
}

#[test]
fn what_stood_there_before_is_gone() {
    // Long captions, then shorter ones: the result must look as if the screen had been cleared.
    let presses = [(0, Button::Mode), (11, Button::Hold), (12, Button::Hold), (13, Button::Mode)];
    for screen in SCREENS {
        let after = replay(BUILT_IN, screen, 7, &presses, 14).unwrap();
        let fresh = replay(BUILT_IN, screen, 7, &[], 0).unwrap();
        assert_eq!(after, fresh, "{}", screen.name);
    }
}
